//! The TypeScript declarations of `AbortSignal` and `AbortController`, for contracts that need them.
//!
//! The declarations can stand beside those of the DOM, if a compiler has them. The types of the DOM are taken then.

/// A part of a module.
pub(super) const DECLARATIONS: &str = r#"declare global {
  /** Tells a call that it is to end. Where the library of the DOM is known too, this is the type of the DOM. */
  interface AbortSignal {
    readonly aborted: boolean;
    readonly reason: any;
    throwIfAborted(): void;
    addEventListener(type: "abort", listener: (event: any) => any): void;
    removeEventListener(type: "abort", listener: (event: any) => any): void;
  }
  var AbortSignal: typeof globalThis extends { onmessage: any; AbortSignal: infer T } ? T : {
    prototype: AbortSignal;
    abort(reason?: any): AbortSignal;
    any(signals: Iterable<AbortSignal>): AbortSignal;
  };

  /** Makes a signal, and aborts it. */
  interface AbortController {
    readonly signal: AbortSignal;
    abort(reason?: any): void;
  }
  var AbortController: typeof globalThis extends { onmessage: any; AbortController: infer T } ? T : {
    prototype: AbortController;
    new(): AbortController;
  };
}
"#;
