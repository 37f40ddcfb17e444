#!/usr/bin/env -S node --max-semi-space-size=16 --no-parallel-scavenge
// SPDX-License-Identifier: Apache-2.0
// Flows live for a few milliseconds: with room for many of them the garbage collector runs seldom and copies little. With more
// room, as some versions of Node.js have it, garbage fills the caches that the captured programs use too. The collector's helper
// threads would take the other processors from them.
// npm links a command at install time and skips files that are not there yet: this one is, before the first build.
import '../dist/cli.js';
