import type { Queue } from '@/api/types'

/** A queue as it is sent: nothing where nobody wrote anything. */
export function tidyQueue(queue: Queue): Queue {
  const number = queue.caller_number?.replaceAll(/[\s()./-]/g, '') ?? ''
  return {
    ...queue,
    name: queue.name.trim(),
    caller_number: number === '' ? null : number,
    script: tidyScript(queue.script),
    segments: Object.fromEntries(Object.entries(queue.segments ?? {}).map(([segment, rules]) => [segment, { ...rules, script: tidyScript(rules.script ?? {}) }])),
  }
}

function tidyScript(script: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(script).filter(([, text]) => text.trim() !== ''))
}
