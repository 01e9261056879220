import { z } from 'zod';

/** Of what is done once by `once`. A schema of its own, for the contracts are read by pages too. */
export const requestKey = z
  .uuid()
  .toLowerCase()
  .optional()
  .describe(
    'Made by the caller, the same for every try of one request: sent again it is done once and answered as it is now. With anything else in the body, or from somebody else, it is refused (409 request.key); what was removed since is not made anew (404)',
  );
