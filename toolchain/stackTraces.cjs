/**
 * The SDK has each stack trace translated into places of the TypeScript, and keeps one for each promise, so as to say
 * where those were made that never end. That takes longer than all else that the program does. A trace is put into words
 * when it is first looked at, so it is early enough to begin with the translation when there is a failure to show.
 */
exports.translateFailuresOnly = () => {
  /** @type {{prepareStackTrace?: unknown}} */
  const traces = Error;
  const translate = traces.prepareStackTrace;
  traces.prepareStackTrace = undefined;
  // As a program fails that is asynchronous.
  process.prependListener("unhandledRejection", () => {
    traces.prepareStackTrace = translate;
  });
};
