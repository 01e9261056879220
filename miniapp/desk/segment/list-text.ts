/** UTF-8, or what Excel writes on a Chinese Windows; null when it is neither, or a workbook. */
export function textOf(bytes: ArrayBuffer): string | null {
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      return text.includes('\u0000') ? null : text;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  return null;
}
