import { reactive, readonly } from 'vue';

const state = reactive({ is: navigator.onLine });
window.addEventListener('online', () => (state.is = true));
window.addEventListener('offline', () => (state.is = false));

export const online = readonly(state);
