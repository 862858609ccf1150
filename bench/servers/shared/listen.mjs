/** Listens where the bench wants it, with the same socket settings for all, and ends when told to. */
export function listen(server) {
  server.keepAliveTimeout = 65_000;
  server.listen(Number(process.env.PORT), '127.0.0.1');
  process.once('SIGTERM', () => process.exit(0));
}
