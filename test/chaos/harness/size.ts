/** `full`: the figures of refresh.md section 7. `bounded`: few enough to run beside the other tests. */
export type Size = 'full' | 'bounded';
