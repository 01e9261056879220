import { reactive } from 'vue';

/** Which of several did not go through, and why; stays until it is seen. */
export const bulkFailures = reactive({ list: [] as { title: string; text: string }[] });
