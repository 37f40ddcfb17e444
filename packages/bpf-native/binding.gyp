# SPDX-License-Identifier: Apache-2.0
{
  'variables': {
    'deps': '<(module_root_dir)/.cache/deps/<(target_arch)',
  },
  'targets': [
    {
      'target_name': 'flowtap',
      'sources': [
        '<!@(ls native/*.cc)',
        'native/bpf-object.S',
      ],
      'include_dirs': [ 'bpf', 'native' ],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
        'FLOWTAP_BPF_OBJECT_PATH="<(module_root_dir)/.cache/bpf/<(target_arch)/flowtap.bpf.o"',
      ],
      # System headers for the compiler, so that -Werror judges this project's files only.
      'cflags': [
        '-isystem<!(node -p "path.dirname(require.resolve(\'node-addon-api\'))")',
        '-isystem<!(node -p "path.join(path.dirname(require.resolve(\'node-api-headers\')), \'include\')")',
        '-isystem<(deps)/include',
        '-fvisibility=hidden',
        '-ffile-prefix-map=<(module_root_dir)=.',
        '-Wall', '-Wextra', '-Werror',
      ],
      'cflags_cc': [ '-std=c++17', '-fno-exceptions' ],
      'ldflags': [
        '-fuse-ld=lld',
        # Nothing but the module's registration is exported, and nothing of another addon's libbpf is bound to by accident.
        '-Wl,--version-script=<(module_root_dir)/native/exports.map', '-Wl,-Bsymbolic',
        '-Wl,-z,relro', '-Wl,-z,now', '-Wl,-z,noexecstack', '-Wl,--as-needed',
        # The prebuilt binary needs glibc and nothing else.
        '-static-libstdc++', '-static-libgcc',
      ],
      'libraries': [
        '<(deps)/lib/libbpf.a', '<(deps)/lib/libelf.a', '<(deps)/lib/libeu.a', '<(deps)/lib/libz.a', '-lpthread',
      ],
    },
  ],
}
