// Buttons. One accent button per view; danger for what ends something; the rest is quiet.
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button as AriaButton, Link as AriaLink, ToggleButton as AriaToggle, type ButtonProps as AriaButtonProps } from 'react-aria-components'
import { cx } from './cx'
import { Tip } from './tip'

export type Tone = 'accent' | 'quiet' | 'plain' | 'danger' | 'good'

const TONES: Record<Tone, string> = {
  accent: 'bg-accent text-on-accent hover:bg-accent-hover',
  quiet: 'border border-line-strong bg-surface text-ink hover:bg-hover',
  plain: 'text-ink-2 hover:bg-hover hover:text-ink',
  danger: 'bg-alarm text-on-alarm hover:bg-alarm-hover',
  good: 'bg-good-soft text-good-ink border border-good hover:brightness-105',
}

const SIZES = { sm: 'h-7 px-2 gap-1', md: 'h-8 px-3 gap-1.5', lg: 'h-10 px-4 gap-2' }

const FRAME =
  'inline-flex cursor-pointer items-center justify-center rounded-md font-medium transition-colors duration-100 select-none ' +
  'disabled:cursor-not-allowed disabled:opacity-50'
const BASE = `${FRAME} shrink-0 whitespace-nowrap`
/** Of a button that may take two lines where there is no room for one. */
const WRAPPED = `${FRAME} min-h-7 max-w-full gap-1 px-2 py-1 text-left break-words`

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style'> {
  tone?: Tone
  size?: keyof typeof SIZES
  icon?: LucideIcon
  /** Goes on in a second line instead of keeping to its size. */
  isWrapped?: boolean
  children?: ReactNode
  className?: string
  'data-testid'?: string
}

export function Button({ tone = 'quiet', size = 'md', icon: Icon, isWrapped = false, children, className, ...rest }: ButtonProps) {
  return (
    <AriaButton {...rest} className={cx(isWrapped ? WRAPPED : cx(BASE, SIZES[size]), TONES[tone], className)}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </AriaButton>
  )
}

export interface IconButtonProps extends Omit<ButtonProps, 'children' | 'icon' | 'isWrapped'> {
  icon: LucideIcon
  /** What it does; shown as a tip and read aloud. */
  label: string
}

export function IconButton({ icon: Icon, label, tone = 'plain', size = 'md', className, ...rest }: IconButtonProps) {
  const square = { sm: 'size-7', md: 'size-8', lg: 'size-10' }[size]
  return (
    <Tip text={label}>
      <AriaButton {...rest} aria-label={label} className={cx(BASE, TONES[tone], square, className)}>
        <Icon size={size === 'sm' ? 15 : 17} aria-hidden />
      </AriaButton>
    </Tip>
  )
}

const TILE =
  'flex h-11 w-17 shrink-0 max-sm:w-14 cursor-pointer items-center justify-center rounded-md px-0.5 text-xs font-medium transition-colors duration-100 select-none ' +
  'disabled:cursor-not-allowed disabled:opacity-45'

const TILE_TONES = {
  plain: 'text-ink hover:bg-hover',
  danger: 'bg-alarm text-on-alarm hover:bg-alarm-hover',
  warn: 'bg-warn-soft text-warn-ink outline outline-1 outline-warn',
  accent: 'bg-accent-soft text-accent-ink outline outline-1 outline-accent',
}

export interface TileProps extends Omit<AriaButtonProps, 'className' | 'children' | 'style'> {
  icon: LucideIcon
  text: string
  /** What the pointer is told: the keys, or why it cannot be used now. */
  tip?: string
  tone?: keyof typeof TILE_TONES
  className?: string
  'data-testid'?: string
}

/** A call control: icon over word, always the same size, so that no control ever moves. */
export function Tile({ icon: Icon, text, tip, tone = 'plain', className, ...rest }: TileProps) {
  return (
    <AriaButton {...rest} className={cx(TILE, TILE_TONES[tone], className)}>
      <TileFace icon={Icon} text={text} tip={tip} />
    </AriaButton>
  )
}

/** The whole tile bears the tip; a tile that is off has one too, which no tip of React Aria could say. */
function TileFace({ icon: Icon, text, tip }: { icon: LucideIcon; text: string; tip: string | undefined }) {
  return (
    <span title={tip} className="flex size-full flex-col items-center justify-center gap-0.5">
      <Icon size={18} aria-hidden />
      <span className="max-w-full truncate">{text}</span>
    </span>
  )
}

export interface TileToggleProps {
  icon: LucideIcon
  text: string
  tip?: string
  isOn: boolean
  onChange: (isOn: boolean) => void
  isDisabled?: boolean
  /** Colours of the pressed state. */
  tone?: 'warn' | 'accent'
  'aria-keyshortcuts'?: string | undefined
  'data-testid'?: string
}

/** A call control that stays down. The word changes with the state, not only the colour. */
export function TileToggle({ icon, text, tip, isOn, onChange, tone = 'accent', ...rest }: TileToggleProps) {
  return (
    <AriaToggle {...rest} isSelected={isOn} onChange={onChange} className={cx(TILE, TILE_TONES[isOn ? tone : 'plain'])}>
      <TileFace icon={icon} text={text} tip={tip} />
    </AriaToggle>
  )
}

export interface ButtonLinkProps {
  href: string
  tone?: Tone
  size?: keyof typeof SIZES
  icon?: LucideIcon
  children: ReactNode
  /** Saves what the address answers under this name. */
  download?: string
  'data-testid'?: string
}

/** A link that stands among buttons: it leads somewhere, so it opens in a new tab when asked to. */
export function ButtonLink({ tone = 'quiet', size = 'md', icon: Icon, children, ...rest }: ButtonLinkProps) {
  return (
    <AriaLink {...rest} className={cx(BASE, TONES[tone], SIZES[size])}>
      {Icon && <Icon size={16} aria-hidden />}
      {children}
    </AriaLink>
  )
}

/** A link that looks like one. */
export function TextLink({ href, children, className }: { href: string; children: ReactNode; className?: string }) {
  return (
    <AriaLink href={href} className={cx('cursor-pointer text-accent-ink underline-offset-2 hover:underline', className)}>
      {children}
    </AriaLink>
  )
}
