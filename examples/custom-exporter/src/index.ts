// SPDX-License-Identifier: Apache-2.0
import { webhook } from './webhook.js';

export { type WebhookOptions, webhook } from './webhook.js';

/** For `flowtap --plugin`, which gives no options: the address comes from the environment variable WEBHOOK_URL. */
export default () => webhook({ url: process.env['WEBHOOK_URL'] ?? '' });
