package tenant

import (
	"fmt"
	"strconv"
	"strings"
)

// program is a program of which processes run.
type program struct {
	key                           uint64
	file, path                    string // path is a template
	company, product, description string
	version, command              string
	size                          int64
	sha1, sha256, md5             string
	longLived                     bool // runs as long as the device or session does
	parent                        *program
}

func (p *program) internalName() string {
	if p.company == "" {
		return ""
	}
	name, _, _ := strings.Cut(p.file, ".")
	return name
}

func (p *program) originalName() string {
	if p.company == "" {
		return ""
	}
	return p.file
}

var programs = readPrograms()

// programNamed finds a program by its file name. One that scenes name must be there.
func programNamed(file string) *program {
	if file == byNobody {
		return nil
	}
	p, ok := programs[file]
	if !ok {
		panic(fmt.Sprintf("BUG: no program %q", file))
	}
	return p
}

// folders and makers are what many programs have in common.
var folders = map[string]string{
	"sys": `C:\Windows\System32\`, "win": `C:\Windows\`, "off": `C:\Program Files\Microsoft Office\root\Office16\`,
	"pf": `C:\Program Files\`, "x86": `C:\Program Files (x86)\`, "app": `{home}\AppData\Local\`,
	"mde": `C:\Program Files\Windows Defender Advanced Threat Protection\`, "mav": `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.24090.11-0\`,
	"bin": "/usr/bin/", "sbin": "/usr/sbin/", "apps": "/Applications/", "root": "",
}

var makers = map[string][2]string{
	"win": {"Microsoft Corporation", "Microsoft® Windows® Operating System"}, "off": {"Microsoft Corporation", "Microsoft Office"},
	"ms": {"Microsoft Corporation", ""}, "goo": {"Google LLC", "Google Chrome"}, "git": {"The Git Development Community", "Git"},
	"py": {"Python Software Foundation", "Python"}, "oth": {"", ""}, "iss": {"Igor Pavlov", "7-Zip"}, "npp": {"Don HO don.h@free.fr", "Notepad++"},
	"sql": {"Microsoft Corporation", "Microsoft SQL Server"},
}

// readPrograms reads lines `file|folder|maker|description|size|parent|command`: folder is a name of
// folders and a path below it, and a program whose size ends in + is long-lived.
func readPrograms() map[string]*program {
	all := map[string]*program{}
	parents := map[*program]string{}
	for line := range strings.Lines(programLines) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		f := strings.SplitN(line, "|", 7)
		if len(f) != 7 {
			panic(fmt.Sprintf("BUG: program %q", line))
		}
		folder, subfolder, _ := strings.Cut(f[1], " ")
		maker, known := makers[f[2]]
		base, place := folders[folder]
		size, err := strconv.ParseInt(strings.TrimSuffix(f[4], "+"), 10, 64)
		if err != nil || !known || !place {
			panic(fmt.Sprintf("BUG: program %q", line))
		}
		p := &program{
			file: f[0], path: base + subfolder + f[0], company: maker[0], product: maker[1], description: f[3],
			size: size, longLived: strings.HasSuffix(f[4], "+"), command: f[6],
		}
		p.key = deriveText(0, f[0])
		p.version = "10.0.22621." + itoa(p.key%4000)
		if maker[0] != "Microsoft Corporation" {
			p.version = itoa(p.key%30) + "." + itoa(p.key>>8%60) + "." + itoa(p.key>>16%9)
		}
		p.sha1, p.sha256, p.md5 = hexText(p.key, 40), hexText(p.key+1, 64), hexText(p.key+2, 32)
		all[p.file] = p
		parents[p] = f[5]
	}
	for p, name := range parents {
		if name == "" {
			continue
		}
		if p.parent = all[name]; p.parent == nil {
			panic(fmt.Sprintf("BUG: program %s has the unknown parent %q", p.file, name))
		}
	}
	return all
}
