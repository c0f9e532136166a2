// What a widget's script is given, for `tsc`; nothing of this reaches a page.

/** The page's half of a widget (anywidget's AnyModel). `T`: the traits it shares with the kernel. */
export interface AnyModel<T extends object = Record<string, any>> {
  get<K extends keyof T>(trait: K): T[K];
  set<K extends keyof T>(trait: K, value: T[K]): void;
  /** Sends what was set. */
  save_changes(): void;
  send(content: object, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
  on(event: string, callback: (...args: any[]) => void): void;
  off(event: string, callback: (...args: any[]) => void): void;
}

/** What `render` is called with: once for every place on a page in which the widget is shown. */
export interface RenderProps<T extends object = Record<string, any>> {
  model: AnyModel<T>;
  el: HTMLElement;
}

/** The values of an element's attributes; null takes one away. */
export type Attributes = Record<string, string | number | boolean | null>;

/** What one view listens to, see `openView`. */
export interface View<T extends object = Record<string, any>> {
  /** Aborted when the view ends. */
  signal: AbortSignal;
  /** As `addEventListener`, until the view ends. */
  listen<K extends keyof HTMLElementEventMap>(
    target: EventTarget,
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    options?: AddEventListenerOptions,
  ): void;
  /** Calls `paint` whenever one of the traits has changed. */
  onChange(traits: keyof T | (keyof T)[], paint: () => void): void;
  /** Calls `hear` with each message of the widget's own kind. */
  onMessage(hear: (content: any, buffers: DataView[]) => void): void;
  /** Calls `paint` when the element's size has changed, also when it gets one. */
  onResize(element: Element, paint: () => void): void;
  /** Calls `end` when the view ends. */
  onEnd(end: () => void): void;
  /** Ends the view: what `render` returns. */
  close(): void;
}
