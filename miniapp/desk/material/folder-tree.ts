export interface Branch {
  path: string;
  name: string;
  /** With what lies below. */
  count: number;
  below: Branch[];
}

/** `产品/报价` lies below `产品`, whether or not anything lies in `产品` itself. */
export function treeOf(folders: readonly { path: string; count: number }[]): Branch[] {
  const top: Branch[] = [];
  for (const { path, count } of folders) {
    let level = top;
    let here = '';
    for (const name of path.split('/').filter(Boolean)) {
      here = here ? `${here}/${name}` : name;
      let branch = level.find((one) => one.name === name);
      if (!branch) {
        branch = { path: here, name, count: 0, below: [] };
        level.push(branch);
      }
      branch.count += count;
      level = branch.below;
    }
  }
  return sorted(top);
}

const sorted = (branches: readonly Branch[]): Branch[] =>
  [...branches]
    .sort((one, other) => one.name.localeCompare(other.name, 'zh'))
    .map((branch) => ({ ...branch, below: sorted(branch.below) }));
