/** How long one thing is waited for before a test gives up on it: a machine busy with much else takes its time. */
export const patienceMs = 180_000;

/** How long a whole test may take there, or what comes before and after it: several such waits in turn. */
export const testMs = 900_000;
