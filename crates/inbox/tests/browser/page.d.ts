// Types that several modules of the page share.

/** An element that brings itself up to date. */
type View = HTMLElement & { refresh(): void | Promise<void> };



/** What a module that makes a tab exports by default. The first view whose pattern fits the address is shown. */
type Tab = {
  /** In the navigation. */
  name: string;
  /** Where its link leads. */
  path: string;
  /** A view is made from what its pattern caught. */
  views: [RegExp, (...caught: string[]) => View][];
};

/** [Newer than the compiler's library](https://github.com/tc39/proposal-json-parse-with-source). */
interface JSON {
  rawJSON(text: string): object;
}
