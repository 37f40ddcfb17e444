// SPDX-License-Identifier: Apache-2.0
import { type Command, Option } from 'commander';
import type { FlowFilterOptions } from '../flow-filter.js';
import type { GrpcSchemaFiles } from '../grpc-schema.js';
import { UsageError } from '../usage-error.js';
import { parseBytes } from './bytes.js';
import { collect, collectAll } from './collect.js';
import { type CriterionName, parseCriteria, parseSample } from './criterion.js';
import { type OutputSpec, parseOutputSpec } from './output-spec.js';
import { PROTOCOL_CHOICES, type ProtocolChoice, parseProtocols } from './protocols.js';
import { addServerOptions, type ServerOptions } from './server-options.js';
import { parseToken } from './token.js';

export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** What every command that prints flows understands. */
export interface OutputOptions extends FlowFilterOptions, GrpcSchemaFiles, ServerOptions {
  readonly output?: readonly OutputSpec[];
  readonly maxBody: number;
  readonly protocols?: readonly ProtocolChoice[];
  readonly plugin?: readonly string[];
  readonly stats?: string;
  readonly redact: boolean;
  readonly redactHeader?: readonly string[];
}

/**
 * @param human where `stdout` and `json` go with this command, for its help.
 * @param defaultOutput where flows go without --output, for its help.
 */
export function addOutputOptions(command: Command, human: 'stdout' | 'stderr', defaultOutput = 'stdout'): void {
  const forms = `stdout, ${human === 'stdout' ? 'json, ' : ''}jsonl:<file>, har:<file>, grpc:<host:port>, flowtap:<host:port>, otlp:<url>, otlp+grpc:<url>`;
  const note = human === 'stdout' ? '' : '; "stdout", the readable form, goes to stderr here';
  command
    .optionsGroup('What to write:')
    .addOption(
      new Option('-o, --output <spec>', `${forms}; repeatable (default: ${defaultOutput})${note}`).argParser(
        collect((text) => parseOutputSpec('--output', text)),
      ),
    )
    .addOption(
      new Option('--max-body <bytes>', 'keep at most this much of each body; its true size is always told')
        .default(DEFAULT_MAX_BODY_BYTES, '1m')
        .argParser((text) => parseBytes('--max-body', text)),
    )
    .addOption(new Option('--stats <file>', 'write the counters as JSON when the capture ends'))
    .optionsGroup('What to show:')
    .addOption(
      new Option('--protocols <names>', `only these, with commas between: ${PROTOCOL_CHOICES.join(', ')}`).argParser(
        (text) => parseProtocols('--protocols', text),
      ),
    )
    .addOption(
      new Option(
        '--plugin <module>',
        'also protocols and exporters of this module, a path or an installed package; its code is run; repeatable',
      ).argParser(collect((text) => text)),
    )
    .addOption(
      new Option(
        '--proto <file>',
        'decode gRPC messages by this .proto file or descriptor set (protoc --descriptor_set_out); repeatable',
      ).argParser(collect((text) => text)),
    )
    .addOption(
      new Option(
        '--proto-path <directory>',
        'where .proto files and their imports are looked for; repeatable',
      ).argParser(collect((text) => text)),
    )
    .addOption(criterion('host', '--host <name>', 'to this host (name, name:port or *.name)'))
    .addOption(criterion('port', '--port <number>', 'to this port of the server'))
    .addOption(
      criterion('path', '--path <pattern>', 'with this path: /users/* for one segment, /users/** for any number'),
    )
    .addOption(criterion('status', '--status <code>', 'with this status (404, 4xx, 400-499)'))
    .addOption(criterion('method', '--method <name>', 'with this request method'))
    .addOption(criterion('process', '--process <name>', 'of this process (id, name, or path of its program)'))
    .addOption(
      new Option('--sample <share>', 'only this share of the flows: 0.1 or 10%; their ids decide which').argParser(
        parseSample,
      ),
    )
    .optionsGroup('Secrets:')
    .addOption(new Option('--redact', 'replace secret values by a short keyed hash').default(true, 'on'))
    .addOption(new Option('--no-redact', 'show secret values as they are'))
    .addOption(
      new Option('--redact-header <name>', 'redact this header as well; repeatable').argParser(
        collect((text) => parseToken('--redact-header', 'a header name', text)),
      ),
    );
  addServerOptions(command);
}

function criterion(name: CriterionName, flags: string, description: string): Option {
  return new Option(flags, `only flows ${description}; repeatable`).argParser(
    collectAll((text) => parseCriteria(name, text)),
  );
}

/** @throws UsageError when options contradict each other. */
export function checkOutputOptions(options: OutputOptions): void {
  if (!options.redact && options.redactHeader !== undefined) {
    throw new UsageError('--redact-header and --no-redact contradict each other;', 'give one of them.');
  }
  if (options.protoPath !== undefined && options.proto === undefined) {
    throw new UsageError('--proto-path says where .proto files are;', 'give --proto <file> as well.');
  }
  if (options.proto !== undefined && options.protocols?.includes('http2') === false) {
    throw new UsageError('--proto needs http2, which --protocols leaves out;', 'add it, or leave --proto out.');
  }
}
