package paging

const (
	// answerBytes is what an answer is to stay under. The service refuses one of more than 50 MB, and the query is paid
	// for all the same.
	answerBytes = 45_000_000
	// enoughRows is from when on an answer tells how large rows are: a smaller one is mostly what stands around them.
	enoughRows = 100
	// shrinking is how many answers with smaller rows it takes, about, to believe them.
	shrinking = 8
)

// Size decides how many rows a page asks for, by how many bytes the table's rows have.
type Size struct {
	most     int     // rows that the user allows
	rowBytes float64 // of a row in an answer
}

// NewSize makes the size of pages of at most so many rows. rowBytes is what a row is expected to have.
func NewSize(most, rowBytes int) *Size { return &Size{most: most, rowBytes: float64(max(1, rowBytes))} }

// Rows is how many rows the next page may ask for.
func (s *Size) Rows() int { return min(s.most, max(1, int(answerBytes/s.rowBytes))) }

// Answered is called for each answer, with its rows and bytes. Larger rows count at once, because a page too many is
// refused, and smaller ones little by little.
func (s *Size) Answered(rows int, bytes int64) {
	if rows < enoughRows {
		return
	}
	seen := float64(bytes) / float64(rows)
	if seen < s.rowBytes {
		seen = s.rowBytes + (seen-s.rowBytes)/shrinking
	}
	s.rowBytes = seen
}
