export { machineSettings as settings } from '../job/settings.ts';
