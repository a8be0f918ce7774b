import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { WebPhonePage } from './features/web-phone/web-phone-page'
import { applyTheme, currentTheme } from './lib/theme'
import './styles.css'

applyTheme(currentTheme())
const root = document.getElementById('root')
if (root)
  createRoot(root).render(
    <StrictMode>
      <WebPhonePage />
    </StrictMode>,
  )
