package settings

import (
	"slices"
	"strings"
)

// Closest is the candidate that the word was probably meant to be: it differs in case, in _ or -, or in a letter or two.
func Closest(word string, candidates []string) (string, bool) {
	sorted := slices.Sorted(slices.Values(candidates))
	plain := normalized(word)
	for _, c := range sorted {
		if normalized(c) == plain {
			return c, true
		}
	}

	const shortest = 4 // a letter of a shorter word makes another word of it
	if len(plain) < shortest {
		return "", false
	}
	best, least := "", min(2, len(plain)/4)+1
	for _, c := range sorted {
		// SHA1 is not meant by SHA2.
		if withoutDigits(c) == withoutDigits(word) {
			continue
		}
		if d := distance(plain, normalized(c)); d < least {
			best, least = c, d
		}
	}
	return best, best != ""
}

// Resembling is Closest's candidate, or else the only one that begins or ends with the word.
func Resembling(word string, candidates []string) (string, bool) {
	if c, ok := Closest(word, candidates); ok {
		return c, true
	}
	plain := normalized(word)
	var found []string
	for _, c := range candidates {
		full := normalized(c)
		if len(plain) >= 4 && (strings.HasPrefix(full, plain) || strings.HasSuffix(full, plain)) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

func withoutDigits(word string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, normalized(word))
}

func normalized(word string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", delimiter, "", " ", "").Replace(word))
}

// distance counts the letters that are to be added, removed, replaced, or swapped with their neighbour.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
