import { receivedConfig } from '../config/received-config.js';
import { report, runThread, threadSetup } from './thread.js';
import { createVerifyTask } from './verify-task.js';

/** The entry of a task thread: what tasks there are. */
runThread({ verify: createVerifyTask(receivedConfig(threadSetup()), report) });
