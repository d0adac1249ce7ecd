import type { TestApi } from './test-api.js';

/** A tenant with a podcast and an episode. */
export interface TestNetwork {
  tenantId: string;
  /** With scope `admin`. */
  key: string;
  podcastId: string;
  episodeId: string;
}

/** Creates a network through the API. */
export async function createTestNetwork(api: TestApi): Promise<TestNetwork> {
  const { tenantId, key } = await api.createTenant('Network');
  const post = async (path: string, body: object) =>
    (await api.call<{ id: string }>('POST', path, { key, body })).body.id;
  const podcastId = await post('/v1/podcasts', { title: 'Tides' });
  const episodeId = await post(`/v1/podcasts/${podcastId}/episodes`, { title: 'One' });
  return { tenantId, key, podcastId, episodeId };
}
