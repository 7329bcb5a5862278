// Types that several modules of the page share.

/** An element that brings itself up to date. */
type View = HTMLElement & { refresh(): void | Promise<void> };


/** A form that narrows a list. `offer` tells it what there is to choose from. */
type Filters<Item> = HTMLElement & { offer(items: Item[]): void };
