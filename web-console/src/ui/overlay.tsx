// What opens above the page: menus and popovers. Focus goes back to where it came from when they close.
import type { ReactElement, ReactNode } from 'react'
import {
  Dialog as AriaDialog,
  DialogTrigger,
  Header,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuSection as AriaMenuSection,
  MenuTrigger,
  Popover as AriaPopover,
  Separator,
  type MenuItemProps,
  type PopoverProps,
} from 'react-aria-components'
import { cx } from './cx'
import { ITEM, POPOVER } from './classes'

export function Menu({ trigger, label, children, placement = 'bottom start' }: { trigger: ReactElement; label: string; children: ReactNode; placement?: PopoverProps['placement'] }) {
  return (
    <MenuTrigger>
      {trigger}
      <AriaPopover offset={4} placement={placement} className={cx(POPOVER, 'min-w-52')}>
        <AriaMenu aria-label={label} className="max-h-[70vh] overflow-auto p-1 outline-none">
          {children}
        </AriaMenu>
      </AriaPopover>
    </MenuTrigger>
  )
}

export function MenuItem({ className, ...rest }: Omit<MenuItemProps, 'className' | 'style'> & { className?: string; 'data-testid'?: string }) {
  return <AriaMenuItem {...rest} className={cx(ITEM, className)} />
}

export function MenuSection({ title, children }: { title: string; children: ReactNode }) {
  return (
    <AriaMenuSection className="not-first:mt-1 not-first:border-t not-first:border-line not-first:pt-1">
      <Header className="px-2 py-1 text-xs text-ink-3">{title}</Header>
      {children}
    </AriaMenuSection>
  )
}

export function MenuLine() {
  return <Separator className="my-1 border-t border-line" />
}

/** A small panel at its trigger. It is not modal: with the keypad open one click still hangs up. `children` may be a function that gets `close`. */
export function PopoverPanel({
  trigger,
  label,
  children,
  placement = 'bottom',
  className,
  isOpen,
  onOpenChange,
}: {
  trigger: ReactElement
  label: string
  children: ReactNode | ((close: () => void) => ReactNode)
  placement?: PopoverProps['placement']
  className?: string
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
}) {
  return (
    <DialogTrigger {...(isOpen === undefined ? {} : { isOpen })} {...(onOpenChange ? { onOpenChange } : {})}>
      {trigger}
      <AriaPopover offset={6} placement={placement} isNonModal className={cx(POPOVER, className)}>
        <AriaDialog aria-label={label} className="p-3 outline-none">
          {({ close }) => (typeof children === 'function' ? children(close) : children)}
        </AriaDialog>
      </AriaPopover>
    </DialogTrigger>
  )
}
