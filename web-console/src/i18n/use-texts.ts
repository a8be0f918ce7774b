import { useTranslation } from 'react-i18next'

type Namespace = 'admin' | 'app' | 'auth' | 'callbacks' | 'calls' | 'customers' | 'desk' | 'dock' | 'live-board' | 'precheck' | 'reports' | 'tickets' | 'work' | 'wrapup'

/** The texts of a feature; those of everybody are reached as `common:…`. */
export function useTexts<N extends Namespace>(namespace: N) {
  return useTranslation([namespace, 'common', 'app'] as const)
}
