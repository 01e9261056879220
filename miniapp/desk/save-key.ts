/** Ctrl+S and ⌘S save what is typed. */
export const onSaveKey =
  (save: () => unknown) =>
  (event: KeyboardEvent): void => {
    if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    void save();
  };
