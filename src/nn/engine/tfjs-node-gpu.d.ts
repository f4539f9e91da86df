declare module '@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node' {
  const binding: import('./tfjs-binding.ts').Binding;
  export = binding;
}
