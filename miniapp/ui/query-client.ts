import { QueryClient } from '@tanstack/vue-query';
import { isPassing } from '#miniapp/api/api-error.ts';

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Live updates say when to ask again.
        staleTime: 30_000,
        retry: (failures, error) => failures < 2 && isPassing(error),
        retryDelay: (failures) => 500 * 2 ** failures,
      },
      // What changes something is sent once; offline it waits for the network.
      mutations: { retry: false },
    },
  });
}
