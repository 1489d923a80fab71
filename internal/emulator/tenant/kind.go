package tenant

// kind is what a device is for; scenes name it by its letter.
type kind byte

const (
	kindClient     kind = 'c'
	kindServer     kind = 's'
	kindFileServer kind = 'f'
	kindJump       kind = 'j'
	kindDomain     kind = 'd' // domain controller
	kindSQL        kind = 'q'
	kindWeb        kind = 'i'
	kindMac        kind = 'm'
	kindLinux      kind = 'l'
)

// kinds that scenes write as one letter: w all Windows, x all Windows servers.
const (
	windowsKinds = "csfjdqi"
	serverKinds  = "sfjdqi"
)

func (k kind) windows() bool { return k != kindMac && k != kindLinux }

func (k kind) server() bool { return k != kindClient && k != kindMac }
