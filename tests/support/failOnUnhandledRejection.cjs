// An assertion in a promise that nobody waits for would otherwise fail in silence.
process.on("unhandledRejection", (reason) => {
  throw reason;
});
