package tenant

import "strings"

var givenNames = strings.Fields(`Jane John Maria Ahmed Wei Priya Olga Luca Emma Noah Sofia Liam Chloé Jürgen Anna Pedro
	Yuki Hiroshi Mei Arjun Fatima Omar Ingrid Søren Zoë Marta Tomás Elena Ivan Nadia Grace Samuel Ruth Daniel Laura
	Marc Julia Felix Nora Hugo Alice Peter Claire Ravi Anita Kenji Sara David Amira Victor Lena Paul Ida Adam Rosa
	Oscar Vera Ben Carla Simon`)

var surnames = strings.Fields(`Doe Smith Müller García Rossi Dubois Kowalski Ivanova Chen Wang Tanaka Sato Sharma Patel
	Khan Haddad Johansson Nielsen Hansen Novák Silva Costa Fernández López Brown Jones Taylor Wilson Martin Bernard
	Petit Moreau Weber Schmidt Fischer Bauer Richter Bianchi Ferrari Romano Nguyen Tran Kim Park Lee Suzuki Ito Gupta
	Reddy Iyer Singh Cohen Levi O'Brien Murphy Kelly Walsh Evans Hughes Clark Lewis Walker Young King Wright Hill Green
	Baker Adams Nelson Carter Mitchell Roberts Turner Phillips Campbell Parker Edwards Collins Stewart Morris`)

// office is a place of work. Offsets are winter time; summer time is left out.
type office struct {
	city, country string
	utc           int // hours east of UTC
	weight        int
	publicNet     string
	french        bool // Windows names its own accounts in the language that was installed
}

var offices = []office{
	{"San Francisco", "US", -8, 4, "198.51.100.", false},
	{"New York", "US", -5, 5, "198.51.100.", false},
	{"London", "GB", 0, 5, "203.0.113.", false},
	{"Paris", "FR", 1, 3, "203.0.113.", true},
	{"Berlin", "DE", 1, 4, "203.0.113.", false},
	{"Bengaluru", "IN", 5, 5, "192.0.2.", false},
	{"Tokyo", "JP", 9, 3, "192.0.2.", false},
	{"Sydney", "AU", 10, 3, "192.0.2.", false},
}

func pickOffice(h uint64) *office {
	total := 0
	for i := range offices {
		total += offices[i].weight
	}
	at := below(h, total)
	for i := range offices {
		if at -= offices[i].weight; at < 0 {
			return &offices[i]
		}
	}
	return &offices[0]
}

type job struct {
	department, title string
	rota              bool // works shifts on all seven days
}

const itDepartment = "IT"

var jobs = []job{
	{"Finance", "Accountant", false},
	{"Engineering", "Software Engineer", false},
	{"Sales", "Account Executive", false},
	{"Operations", "Dispatcher", true},
	{itDepartment, "Systems Administrator", true},
	{"Engineering", "Data Engineer", false},
	{"Human Resources", "Recruiter", false},
	{"Customer Support", "Support Agent", true},
	{"Marketing", "Content Manager", false},
	{"Finance", "Controller", false},
	{"Engineering", "QA Engineer", false},
	{"Legal", "Counsel", false},
	{"Customer Support", "Team Lead", true},
	{"Sales", "Sales Manager", false},
	{itDepartment, "Service Desk Analyst", true},
	{"Operations", "Plant Operator", true},
}

var serviceAccounts = []struct{ name, description string }{
	{"svc_sql$", "SQL Server group managed account"},
	{"svc_backup", "Backup agent"},
	{"svc_scan", "Vulnerability scanner"},
	{"MSOL_4f2c9a1b7d3e", "Directory synchronization"},
}
