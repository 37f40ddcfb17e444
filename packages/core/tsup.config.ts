import { library } from '../../tsup.library.js';

export default library({
  entry: { index: 'src/index.ts', 'testing/index': 'src/testing/index.ts' },
  // The comments are in the types. Names stay as they are, so that a stack trace says where it was.
  esbuildOptions: (options) => {
    options.minifyWhitespace = true;
    options.minifySyntax = true;
  },
});
