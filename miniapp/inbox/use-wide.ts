import { reactive, readonly } from 'vue';

/** Two panes from here on. */
const wide = window.matchMedia('(min-width: 768px)');
const state = reactive({ is: wide.matches });
const onChange = () => (state.is = wide.matches);
// Safari 13 knows only the older name.
if ('addEventListener' in wide) wide.addEventListener('change', onChange);
else (wide as MediaQueryList).addListener(onChange);

export const isWide = readonly(state);
