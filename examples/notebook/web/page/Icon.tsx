const paths = {
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 0 12h-2",
  redo: "m15 7 5 5-5 5m5-5H10a6 6 0 0 0 0 12h2",
  plus: "M12 5v14M5 12h14",
  folder: "M3 6.5A1.5 1.5 0 0 1 4.5 5H9l2 2.5h8.5A1.5 1.5 0 0 1 21 9v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18Z",
  clock: "M12 7v5l3 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0Z",
  search: "m20 20-4.5-4.5M17.5 10.5a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  close: "m6 6 12 12M18 6 6 18",
  back: "m14 6-6 6 6 6",
  forth: "m10 6 6 6-6 6",
  trash: "M4 7h16M9.5 7V4.5h5V7m3.5 0-1 13H7L6 7m4.5 4v5m3-5v5",
  tools: "m8 8-4 4 4 4m8-8 4 4-4 4M13.5 6l-3 12",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  deck: "M4 5h4.5v14H4Zm5.75 0h4.5v10h-4.5Zm5.75 0H20v12h-4.5Z",
  solo: "M6 4h12v16H6Zm3 4h6m-6 4h6m-6 4h3",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01"
}

export const Icon = ({ name }: { readonly name: keyof typeof paths }) => (
  <svg className={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true">
    <path d={paths[name]} />
  </svg>
)
