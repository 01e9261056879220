/** What is wrong with a file, in a sentence that names the row and the column. */
export class TableFault extends Error {
  override readonly name = 'TableFault';
}
