/** In Chinese characters, which are as wide as two Latin letters. */
export const widthOf = (text: string): number =>
  [...text].reduce((width, character) => width + (/^[\u0020-\u024f]$/.test(character) ? 0.5 : 1), 0);
