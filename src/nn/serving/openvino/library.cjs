/**
 * koffi, which calls functions of C libraries, and where it lies: set-up links OpenVINO's libraries below it. Loaded when it is first asked
 * for, since whoever imports the toolkit need not have it.
 *
 * @returns {{ readonly koffi: typeof import('koffi'), readonly folder: string }}
 */
exports.foreign = () => ({ koffi: require('koffi'), folder: require.resolve('koffi').replace(/\/koffi\/.*$/, '/koffi') });
