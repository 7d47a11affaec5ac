/**
 * Parses JSON without vouching for its shape, which `JSON.parse` does by its type.
 * @param {string} text
 * @returns {unknown}
 */
export const parseJson = (text) => JSON.parse(text);
