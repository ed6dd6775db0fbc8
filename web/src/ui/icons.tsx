import type { ReactNode } from "react";

/** Drawn on a 20-pixel grid with one stroke; always beside words or a label, so never spoken. */
function icon(drawing: ReactNode) {
  return function Icon({ size = 20 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {drawing}
      </svg>
    );
  };
}

export const CoinIcon = icon(
  <>
    <circle cx="10" cy="10" r="7.5" />
    <path d="M12.8 7.8a3.7 3.7 0 1 0 0 4.4" />
  </>,
);
export const CashOutIcon = icon(
  <>
    <path d="M3 13v2.5A1.5 1.5 0 0 0 4.5 17h11a1.5 1.5 0 0 0 1.5-1.5V13" />
    <path d="M10 13V3M6.3 6.7 10 3l3.7 3.7" />
  </>,
);
export const WalletIcon = icon(
  <>
    <path d="M15.5 6.5v-2A1.5 1.5 0 0 0 14 3H4.5a1.5 1.5 0 0 0 0 3.5h11A1.5 1.5 0 0 1 17 8v7.5a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 15.5V5" />
    <path d="M13.3 11.8h.1" strokeWidth="2.2" />
  </>,
);
export const FeedIcon = icon(<path d="M2.5 10h3l2.2-5.5 4.6 11 2.2-5.5h3" />);
export const RanksIcon = icon(<path d="M4 17v-5M10 17V4M16 17V8.5" strokeWidth="2.4" />);
export const ShieldIcon = icon(
  <>
    <path d="M10 2.8 4 5v4.5c0 3.7 2.5 6.5 6 7.7 3.5-1.2 6-4 6-7.7V5z" />
    <path d="m7.3 9.9 1.9 1.9 3.5-3.6" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9.5" height="9.5" rx="1.8" />
    <path d="M4.6 12.8A1.6 1.6 0 0 1 3.5 11.3v-6A1.8 1.8 0 0 1 5.3 3.5h6c.7 0 1.3.4 1.5 1.1" />
  </>,
);
export const CheckIcon = icon(<path d="m4.5 10.5 3.7 3.7 7.3-8" />);
export const CrossIcon = icon(<path d="m5.5 5.5 9 9M14.5 5.5l-9 9" />);
export const ClockIcon = icon(
  <>
    <circle cx="10" cy="10" r="7.2" />
    <path d="M10 6v4.2l2.6 1.6" />
  </>,
);
export const AlertIcon = icon(
  <>
    <path d="M10 3 2.6 16h14.8z" />
    <path d="M10 8.3v3.2M10 13.8v.1" />
  </>,
);
export const SunIcon = icon(
  <>
    <circle cx="10" cy="10" r="3.3" />
    <path d="M10 2.5v1.3M10 16.2v1.3M2.5 10h1.3M16.2 10h1.3M4.7 4.7l.9.9M14.4 14.4l.9.9M4.7 15.3l.9-.9M14.4 5.6l.9-.9" />
  </>,
);
export const MoonIcon = icon(<path d="M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z" />);
export const LinkIcon = icon(
  <path d="M8.3 11.7a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-.9.9M11.7 8.3a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3l.9-.900" />,
);
