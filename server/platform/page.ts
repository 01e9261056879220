export interface Page<T> {
  items: T[];
  /** '' when there is no more. Pass back verbatim. */
  nextCursor: string;
}
