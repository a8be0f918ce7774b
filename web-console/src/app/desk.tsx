// The desk with the wrap-up beside the record: the one place where the two meet.
import type { CallView } from '@/live/protocol'
import { DeskPage } from '@/features/desk/desk-page'
import { WrapUpPanel } from '@/features/wrapup/panel'

const sideOf = (call: CallView) => <WrapUpPanel call={call} />

export function Desk() {
  return <DeskPage side={sideOf} />
}
