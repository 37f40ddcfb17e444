# SPDX-License-Identifier: Apache-2.0
# What node-gyp needs of a Node.js header directory. The addon uses Node-API only, whose headers come from the npm package
# node-api-headers, so it builds without the headers of any Node version, and without a download of them.
{
  'target_defaults': {
    'default_configuration': 'Release',
    'configurations': {
      'Release': { 'cflags': [ '-O2' ] },
      'Debug': { 'cflags': [ '-O0', '-g' ] },
    },
  },
}
