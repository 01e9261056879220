import { reactive, readonly } from 'vue';

const WIDTH_MIN = 1024;

/**
 * In a narrow window the desk is read, not worked at. It is the window that counts, not the page in it: what is zoomed
 * in on stays editable, and so does the desk inside another page. A browser may not know its window's width yet when
 * the page starts (Chromium says 0), and does not tell when it does: then the page's own counts, and it is asked again.
 */
const isNarrow = (): boolean => (window.outerWidth || window.innerWidth) < WIDTH_MIN;

const state = reactive({ is: isNarrow() });
for (const event of ['resize', 'load', 'focus', 'pageshow']) {
  window.addEventListener(event, () => (state.is = isNarrow()));
}

export const readOnly = readonly(state);
