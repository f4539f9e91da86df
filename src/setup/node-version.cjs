'use strict';

/** The oldest Node.js that Stillroom runs on: major and minor. */
const oldestNode = /** @type {const} */ ([20, 17]);

/** Why this Node.js cannot be used, or undefined if it can.
 * @param {string} [version]
 * @returns {string | undefined}
 */
exports.nodeProblem = (version = process.versions.node) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Stillroom needs Node.js ${oldestMajor}.${oldestMinor} or newer; this is ${version}. Node.js 20, 22 and 24 are tested.`;
};
