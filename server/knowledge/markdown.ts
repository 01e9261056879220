import { rowsOf, type Block } from './passage.ts';

/** What is said in Markdown, without its marks. */
export function markdownBlocks(source: string): Block[] {
  const blocks: Block[] = [];
  const lines = source.replace(/^---\n[\s\S]*?\n---\n/, '').split('\n');
  let paragraph: string[] = [];
  let isCode = false;

  const close = () => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', text: paragraph.join('\n') });
    paragraph = [];
  };

  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (/^\s*(?:```|~~~)/.test(line)) {
      close();
      isCode = !isCode;
      continue;
    }
    if (isCode) {
      paragraph.push(line);
      continue;
    }
    const heading = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line);
    const under = /^ {0,3}(=+|-+)\s*$/.exec(lines[at + 1] ?? '')?.[1];
    const bare = line.replace(/^\s*(?:>\s?)+/, '');
    if (heading) {
      close();
      blocks.push({ kind: 'heading', level: (heading[1] ?? '#').length, text: unmarked(heading[2] ?? '') });
    } else if (under && bare.trim() !== '' && paragraph.length === 0 && !line.includes('|')) {
      blocks.push({ kind: 'heading', level: under.startsWith('=') ? 1 : 2, text: unmarked(bare) });
      at += 1;
    } else if (bare.trim() === '' || /^ {0,3}(?:[-*_]\s*){3,}$/.test(bare)) close();
    else if (bare.includes('|') && isRule(lines[at + 1] ?? '')) {
      close();
      const rows = [cellsOf(bare)];
      for (at += 2; (lines[at] ?? '').includes('|'); at += 1) rows.push(cellsOf(lines[at] ?? ''));
      at -= 1;
      blocks.push(...rowsOf(rows));
    } else {
      const item = /^\s*(?:[-*+]|\d{1,9}[.)])\s+(?:\[[ xX]\]\s+)?(.*)$/.exec(bare);
      if (item) close();
      paragraph.push(unmarked(item?.[1] ?? bare));
    }
  }
  close();
  return blocks;
}

const isRule = (line: string) => line.includes('-') && line.includes('|') && /^[\s|:-]+$/.test(line);

const cellsOf = (row: string) =>
  row
    .trim()
    .replace(/^\||(?<!\\)\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => unmarked(cell.replaceAll(String.raw`\|`, '|')));

function unmarked(text: string): string {
  return text
    .replaceAll(/!\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<br\s*\/?>/gi, '\n')
    .replaceAll(/<\/?[a-z][^<>]{0,200}>/gi, '')
    .replaceAll(/(\*\*|__|~~|`)(.+?)\1/g, '$2')
    .replaceAll(/(?<![\w*])\*([^*\s][^*\n]*)\*(?![\w*])/g, '$1')
    .trim();
}
