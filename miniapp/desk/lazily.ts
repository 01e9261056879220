import { defineAsyncComponent, type Component } from 'vue';
import ScreenMissing from './ScreenMissing.vue';
import ScreenPending from './ScreenPending.vue';

/** Fetched when it is first shown. */
export const lazily = (load: () => Promise<{ default: Component }>): Component =>
  defineAsyncComponent({ loader: load, loadingComponent: ScreenPending, errorComponent: ScreenMissing, delay: 100 });
