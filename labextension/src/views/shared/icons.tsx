/** Icons of the buttons: shapes of 16 by 16 in the colour of the text. */

const PATHS = {
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  resume: 'M4 2.5v11l9-5.5z',
  step: 'M3 2.5v11l7-5.5zM11 3h2.5v10H11z',
  epoch: 'M2 3v10l5-5zM7.5 3v10l5-5zM13 3h1.75v10H13z',
  save: 'M7.25 2h1.5v6.2l2.2-2.2 1.05 1.05L8 11.1 3.95 7.05 5 6l2.25 2.2zM3 12.5h10V14H3z',
  stop: 'M3.5 3.5h9v9h-9z',
  panel: 'M2 3h12v10H2zm1.5 1.5v7H8v-7zm6 0v7h3v-7z',
  close: 'M4.2 3.1 8 6.9l3.8-3.8 1.1 1.1L9.1 8l3.8 3.8-1.1 1.1L8 9.1l-3.8 3.8-1.1-1.1L6.9 8 3.1 4.2z',
  fold: 'M3 7.25h10v1.5H3z',
  unfold: 'M7.25 3h1.5v4.25H13v1.5H8.75V13h-1.5V8.75H3v-1.5h4.25z',
  refresh: 'M8 2.5a5.5 5.5 0 0 1 4.4 2.2V3H14v4.5H9.5V6h2A4 4 0 1 0 12 8h1.5A5.5 5.5 0 1 1 8 2.5z',
  down: 'M7.25 2h1.5v8.2l3-3 1 1.1L8 13 3.2 8.3l1-1.1 3 3z',
  right: 'M2 7.25v1.5h8.2l-3 3 1.1 1L13 8 8.3 3.2l-1.1 1 3 3z',
  lock: 'M5 7V5a3 3 0 0 1 6 0v2h1v6H4V7zm1.5 0h3V5a1.5 1.5 0 0 0-3 0z'
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="layerlab-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} fillRule="evenodd" />
    </svg>
  );
}
