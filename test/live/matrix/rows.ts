// SPDX-License-Identifier: Apache-2.0
import { apacheClient, apacheServer } from './rows/apache.js';
import { curl, curlThroughProxy } from './rows/curl.js';
import { gnutlsSubjects } from './rows/gnutls.js';
import { goSubjects } from './rows/go.js';
import { haproxyClient, haproxyServer } from './rows/haproxy.js';
import { javaHttpClient } from './rows/java.js';
import { libsslSubjects } from './rows/libssl.js';
import { nginxClient, nginxServer } from './rows/nginx.js';
import { nodeSubjects } from './rows/node.js';
import { postgresqlSubjects } from './rows/postgresql.js';
import { pythonSubjects } from './rows/python.js';
import { rubySubjects } from './rows/ruby.js';
import type { Subject } from './subject.js';

/** The lines of the table, in its order. */
export const subjects: readonly Subject[] = [
  ...pythonSubjects,
  ...rubySubjects,
  ...goSubjects,
  ...nodeSubjects,
  ...[curl, curlThroughProxy],
  ...[nginxServer, nginxClient, apacheServer, apacheClient, haproxyServer, haproxyClient],
  ...libsslSubjects,
  ...postgresqlSubjects,
  ...gnutlsSubjects,
  javaHttpClient,
];
