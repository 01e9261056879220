import { reactive, readonly } from 'vue';

/** `#/handovers`, `#/handovers/new?from=<member>`, `#/handovers/<id>`: what a message about one leads to. */
interface Place {
  /** Whether the address names this screen at all. */
  isHere: boolean;
  /** `new`, an id, or null for the list. */
  part: string | null;
  from: string | null;
}

function read(): Place {
  const [address = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [name, part] = address.split('/');
  return {
    isHere: name === 'handovers',
    part: name === 'handovers' && part ? decodeURIComponent(part) : null,
    from: new URLSearchParams(search).get('from'),
  };
}

const state = reactive<Place>(read());
window.addEventListener('hashchange', () => Object.assign(state, read()));

export const place = readonly(state);

export function go(part: string | null, from: string | null = null): void {
  location.hash = `#/handovers${part ? `/${encodeURIComponent(part)}` : ''}${from ? `?from=${encodeURIComponent(from)}` : ''}`;
}
