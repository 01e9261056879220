import { reactive, readonly } from 'vue';

const WIDTH_MIN = 1024;

/**
 * In a narrow window the desk is read, not worked at. It is the window that counts, not the page in it: what is zoomed
 * in on stays editable, and so does the desk inside another page.
 */
const state = reactive({ is: window.outerWidth < WIDTH_MIN });
window.addEventListener('resize', () => (state.is = window.outerWidth < WIDTH_MIN));

export const readOnly = readonly(state);
