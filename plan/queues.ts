/**
 * Mastodon's queues with their weights, as in its `config/sidekiq.yml` of 4.7. The admin dashboard complains about each
 * that no process works on.
 */
export const queueWeights = {
  default: 8,
  push: 6,
  ingress: 4,
  mailers: 2,
  pull: 1,
  scheduler: 1,
  fasp: 1,
} as const;

export type Queue = keyof typeof queueWeights;

export const queues = Object.keys(queueWeights) as Queue[];
