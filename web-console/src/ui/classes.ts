// Looks that menus and lists share.

export const POPOVER = 'rounded-md border border-line bg-raised shadow-pop outline-none'
export const ITEM =
  'flex min-h-8 cursor-pointer items-center gap-2 rounded-sm px-2 py-1 outline-none hover:bg-hover data-focused:bg-accent-soft data-focused:text-accent-ink data-disabled:cursor-not-allowed data-disabled:bg-transparent data-disabled:text-ink-3'
